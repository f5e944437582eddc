"""When a person should look: rules over what was seen, as pure functions."""
