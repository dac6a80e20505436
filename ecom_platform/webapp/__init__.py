"""The dashboard's screen: Streamlit and Altair over the semantic layer, through the catalog."""

SIGN_IN_WORD = "--sign-in"
"""An argument of `app.py`: people sign in on one machine too, as `make up SIGN_IN=1` asks for."""
