"""What stands behind the figures of a picture: one explanation for each of them."""
