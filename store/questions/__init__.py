"""Questions to the store by what they are about; `store.reader` puts them together."""
