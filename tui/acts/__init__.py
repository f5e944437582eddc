"""What a person at the screen may write, one file per thing: frozen values that know how they are done."""
