"""The Model Context Protocol: tools and resources for programs that let a language model call them.

Every call becomes a request to the REST interface, so that its limits, queues and rights hold here, too.
"""
