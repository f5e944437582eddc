"""Every step that made the tables what they are, by what the tables hold; `store.schema` has the order."""
