"""The dashboard: pages in the browser over the engine. It imports `fer_engine`, which never imports it."""
