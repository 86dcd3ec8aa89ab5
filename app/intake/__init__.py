"""Taking files in: from an upload, a folder or an address to text, chunks and vectors in the database."""
