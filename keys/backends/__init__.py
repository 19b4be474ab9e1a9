"""Hold key material, one module per kind of custody; `base.Backend` says what each must do."""
