"""Play the story of a credential against a running sandbox, over HTTP alone."""
