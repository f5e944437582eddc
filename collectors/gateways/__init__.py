"""Gateways that are asked, or that send: their own interfaces, and spans over OTLP."""
