"""Run a whole consortium on one machine: a chain and three members, each in processes and a folder of its own."""
