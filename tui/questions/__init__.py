"""What the screens ask a store, one file per screen: frozen values that know which reading answers them."""
