"""E-mails, mailboxes, invitations, pages saved in the form of mails, and their attachments."""
