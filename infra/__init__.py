"""CloudFormation by concern, and the one command that deploys it here and on AWS."""
