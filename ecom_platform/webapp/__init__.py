"""The dashboard's screen: Streamlit and Altair over the semantic layer, through the catalog."""
