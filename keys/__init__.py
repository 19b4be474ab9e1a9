"""Key custody: the only code that can touch a private key.

`keystore.Keystore` is the door. It decides whether a key may do what is asked (purpose, state, shape of the
message) and counts what it did; a backend (`backends.software`, later PKCS#11) holds the material and does it.
Nothing here reaches the network or the database, and nothing here ever gives a private key back.
"""
