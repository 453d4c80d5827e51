# An image of fozzy: docker build -t fozzy . && docker run --rm --init -v "$PWD:/work" fozzy test --det --strict
# Runs are kept below /work, so its owner must be who runs this: add --user "$(id -u):$(id -g)" where that is not 10001.

FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml MANIFEST.in README.md LICENSE CHANGELOG.md ./
COPY fozzy fozzy
RUN python -m venv /opt/fozzy
RUN /opt/fozzy/bin/python -m pip install --no-cache-dir --disable-pip-version-check ".[map,pytest]"

FROM python:3.13-slim
LABEL org.opencontainers.image.title="fozzy" \
      org.opencontainers.image.description="A flight recorder and time machine for tests" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /opt/fozzy /opt/fozzy
RUN useradd --uid 10001 --create-home fozzy && install --directory --owner fozzy --group fozzy /work
ENV PATH="/opt/fozzy/bin:$PATH" \
    PYTHONDONTWRITEBYTECODE="1"
USER 10001:10001
WORKDIR /work
ENTRYPOINT ["fozzy"]
CMD ["--help"]
