"""Keep a node's data in a relational database: SQLite now, nothing that would stop PostgreSQL."""
