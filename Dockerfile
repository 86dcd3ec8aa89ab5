# One image for the API, the worker and the web pages; docker-compose.yml says which runs what.
# A machine without a GPU saves 5 GB with a CPU build of torch: pass the index that holds it,
# as in `docker build --build-arg PIP_EXTRA_INDEX_URL=… .`
FROM python:3.11-slim-bookworm AS build
ARG PIP_EXTRA_INDEX_URL=
# Compiled for any processor of this architecture, not for the one that builds the image.
ENV HNSWLIB_NO_NATIVE=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN apt-get update \
 && apt-get install --yes --no-install-recommends g++ \
 && rm -rf /var/lib/apt/lists/*
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /opt/fathom
# Dependencies first: they change less often than the code.
COPY requirements-torch.txt requirements.lock ./
RUN pip install --requirement requirements-torch.txt \
 && pip install --no-deps --require-hashes --requirement requirements.lock
COPY . .
RUN pip install --no-deps --no-build-isolation --editable .

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/fathom fathom
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/fathom /opt/fathom
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    FATHOM_HOME=/var/lib/fathom/home
USER fathom
WORKDIR /var/lib/fathom
RUN mkdir -p home
VOLUME /var/lib/fathom/home
EXPOSE 8000 8501
STOPSIGNAL SIGTERM
CMD ["fathom", "serve"]
