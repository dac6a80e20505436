"""What a person starts from a shell: thin programs over the definitions."""
