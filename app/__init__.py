"""The composer: settings, database, REST interface, command line, worker and jobs around the three libraries."""
