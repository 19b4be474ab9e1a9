"""Name the things Jeung speaks about, as frozen values without behaviour towards the outside."""
