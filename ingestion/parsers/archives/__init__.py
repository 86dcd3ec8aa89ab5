"""ZIP archives. Files inside files are opened by `mail/members.py`: archives and mails stand in each other."""
