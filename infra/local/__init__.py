"""The local cloud: its launcher, and what makes it behave as AWS where it does not.

Nothing of it is used on AWS, and nothing of the platform knows of it.
"""
