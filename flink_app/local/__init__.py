"""What runs the application on one machine; nothing of it is used on AWS."""
