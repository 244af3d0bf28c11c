# One image for topics, processor and gateway; the command says which.
FROM python:3.11-slim AS build
WORKDIR /src
# The user that runs it may not write here: what is not compiled now is compiled at each start.
ENV UV_COMPILE_BYTECODE=1
RUN pip install --no-cache-dir uv && uv venv /opt/durable
COPY requirements.txt ./
RUN uv pip install --no-cache --python /opt/durable/bin/python --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY eventlog eventlog
COPY localkafka localkafka
COPY producers producers
COPY processors processors
COPY gateway gateway
COPY evaluation evaluation
COPY cli cli
RUN uv pip install --no-cache --python /opt/durable/bin/python --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/durable durable
COPY --from=build /opt/durable /opt/durable
ENV PATH=/opt/durable/bin:$PATH DURABLE_DATA_DIR=/var/lib/durable PYTHONUNBUFFERED=1
USER durable
WORKDIR /var/lib/durable
ENTRYPOINT ["durable"]
CMD ["--help"]
