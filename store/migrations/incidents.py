"""What somebody did and what went wrong: marks and alerts."""

from sqlite_utils import Database


def m010_marks(db: Database) -> None:
    """What somebody did and when: a deploy, a flag flipped."""
    db.table("marks").create({"at_ms": int, "text": str}, pk=("at_ms", "text"), strict=True)


def m015_alerts(db: Database) -> None:
    """Alerts with what people did about them, and what was sent of them to whom."""
    db.table("alerts").create(
        {
            "id": int,
            "rule": str,
            "subject": str,
            "severity": str,
            "title": str,
            "opened_ms": int,
            "resolved_ms": int,
            "acknowledged_ms": int,
            "acknowledged_by": str,
            "snoozed_until_ms": int,
            "calm_since_ms": int,
            "measured_ms": int,
            "value": float,
            "fires_at": float,
            "normal": float,
            "effect_nano_usd_per_hour": int,
            "body": str,
        },
        pk="id",
        not_null={"rule", "subject", "severity", "title", "opened_ms", "measured_ms", "value", "fires_at", "body"},
        strict=True,
    )
    # sqlite-utils makes no partial index: what is open is unique, what is over is history.
    db.execute("CREATE UNIQUE INDEX open_alerts ON alerts (rule, subject) WHERE resolved_ms IS NULL")
    db.table("alerts").create_index(["opened_ms"])
    db.table("alert_deliveries").create(
        {
            "alert": int,
            "webhook": str,
            "event": str,
            "attempts": int,
            "queued_ms": int,
            "next_ms": int,
            "sent_ms": int,
            "error": str,
        },
        pk=("alert", "webhook", "event"),
        not_null={"attempts", "queued_ms", "next_ms"},
        strict=True,
    )


def m025_alert_figures(db: Database) -> None:
    """What open alerts said before they said something newer: a look into the past sees what was seen then."""
    db.table("alert_figures").create(
        {
            "alert": int,
            "measured_ms": int,
            "title": str,
            "value": float,
            "effect_nano_usd_per_hour": int,
            "body": str,
        },
        pk=("alert", "measured_ms"),
        not_null={"title", "value"},
        strict=True,
    )
