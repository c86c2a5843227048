"""The platform's API: what allows connection strings, and Deployments with theirs (guide, 1 and 6).

httpx comes with the extra ``houston``. The forms take from here what the setting is called.
"""
