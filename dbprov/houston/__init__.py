"""The platform's API: a Deployment created or updated with its connections (guide, step 6).

The core never imports this; the CLI does, for one command. httpx comes with the extra ``houston``.
"""
