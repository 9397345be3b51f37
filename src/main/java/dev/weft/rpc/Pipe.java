package dev.weft.rpc;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.ReadStream;
import io.vertx.core.streams.WriteStream;

/**
 * Bytes both ways between a program and a service of another. Each direction ends by itself, waits
 * for a slow reader, and fails when the connection is lost.
 */
public record Pipe(ReadStream<Buffer> in, WriteStream<Buffer> out) {}
