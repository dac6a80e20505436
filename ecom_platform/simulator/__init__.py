"""Who acts on the stream, labelled, and how it is played on the wire."""
