"""From the store to a picture: what each screen and its plain twin say, computed once for both."""
