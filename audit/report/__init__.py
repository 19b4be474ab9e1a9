"""Write an audit down as one file for a supervisor's records: HTML without script and without anything to load.

The same chain, block, database and options give the same bytes, on any machine: nothing in it comes from a clock, a
locale or a random number. Whatever a chain or a database put into a text is escaped and shorn of what nobody sees,
and every list is bounded and says what it left out.
"""
