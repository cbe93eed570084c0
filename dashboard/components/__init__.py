"""Parts that pages are made of: each draws one thing with Streamlit and knows no page."""
