"""The pure work of the catalog: contracts as Glue writes them down."""
