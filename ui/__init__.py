"""The pages that people see: a Streamlit client of the REST interface, and nothing else."""
