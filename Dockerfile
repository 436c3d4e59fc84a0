# The image of every role: its arguments are those of the `tenggat` command. The Python is the one the tests run on.
ARG PYTHON=3.11.14-slim-bookworm

FROM python:${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
RUN python -m venv --without-pip /opt/tenggat
# What it stands on is a layer of its own: it changes less often than the sources.
COPY pyproject.toml constraints.txt ./
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" \
      > requirements.txt \
 && pip --python /opt/tenggat/bin/python install --constraint constraints.txt --requirement requirements.txt
COPY README.md LICENSE ./
COPY stream_app stream_app
COPY alerts alerts
RUN pip --python /opt/tenggat/bin/python install --no-deps . \
 && pip --python /opt/tenggat/bin/python check

FROM python:${PYTHON}
LABEL org.opencontainers.image.title="Tenggat" \
      org.opencontainers.image.description="SLA deadlines, KPIs and breach signals, streamed from Kafka" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/tenggat /opt/tenggat
ENV PATH=/opt/tenggat/bin:$PATH \
    TENGGAT_HTTP_HOST=0.0.0.0 \
    TENGGAT_HTTP_PORT=8000 \
    TENGGAT_LOG_FORMAT=json
# A number, so that Kubernetes can see that it is not root; it needs no entry in /etc/passwd and no home.
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# Of a worker; services that only run a command and end switch it off. The slim image has no curl.
HEALTHCHECK --interval=5s --timeout=4s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as web; web.urlopen(f\"http://127.0.0.1:{os.environ['TENGGAT_HTTP_PORT']}/readyz\", timeout=3)"]
ENTRYPOINT ["tenggat"]
CMD ["worker"]
