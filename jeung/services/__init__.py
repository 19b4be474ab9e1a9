"""Do what a member does, one use case a module: every class takes ports and small frozen settings, nothing else."""
