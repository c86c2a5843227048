# dbprov as an image:  docker build -t dbprov:0.1.0 .
#
# BASE      another Debian with Python 3.11 or newer and its venv
# EXTRAS    of pyproject.toml; "" for none
# PACKAGES  of Debian, such as "openssh-client" for via: ssh://
ARG BASE=python:3.12-slim

FROM ${BASE} AS build
ARG EXTRAS=aws,vault,houston,ed25519
ARG PIP_INDEX_URL
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY dbprov dbprov
COPY sql_templates sql_templates
RUN python3 -m venv /build \
 && /build/bin/pip wheel --no-cache-dir --no-deps --wheel-dir /wheels . \
 && python3 -m venv --without-pip /opt/dbprov \
 && /build/bin/pip --python /opt/dbprov/bin/python install --no-cache-dir "$(echo /wheels/*.whl)[${EXTRAS}]"

FROM ${BASE}
ARG PACKAGES=""
RUN if [ -n "${PACKAGES}" ]; then \
        apt-get update && apt-get install -y --no-install-recommends ${PACKAGES} && rm -rf /var/lib/apt/lists/*; \
    fi \
 && groupadd --gid 10001 dbprov \
 && useradd --uid 10001 --gid dbprov --home-dir /work --no-create-home --shell /usr/sbin/nologin dbprov \
 && install -d -o dbprov -g dbprov -m 0700 /work
COPY --from=build /opt/dbprov /opt/dbprov
ENV PATH=/opt/dbprov/bin:${PATH} PYTHONDONTWRITEBYTECODE=1
WORKDIR /work
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
ENTRYPOINT ["dbprov"]
CMD ["--help"]
