package dev.weft.mesh.gate;

import dev.weft.bus.Reason;
import dev.weft.mesh.stream.MeshSocket;
import dev.weft.rpc.socket.PipeEnd;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;

/** One end of a mesh socket that nobody has read yet. On the mesh's loop. */
record MeshEnd(MeshSocket mesh) implements PipeEnd {
  @Override
  public void read(Reader reader) {
    mesh.exceptionHandler(e -> reader.onClosed(Reason.of(e)));
    mesh.endHandler(v -> reader.onEnd());
    mesh.onPeerClosed(reader::onClosed);
    mesh.handler(reader::onBytes);
  }

  @Override
  public void pause() {
    mesh.pause();
  }

  @Override
  public void resume() {
    mesh.resume();
  }

  @Override
  public void write(Buffer bytes) {
    var unused = mesh.write(bytes);
  }

  @Override
  public boolean isFull() {
    return mesh.writeQueueFull();
  }

  @Override
  public void onDrained(Runnable work) {
    mesh.drainHandler(v -> work.run());
  }

  @Override
  public Future<Void> end() {
    return mesh.end();
  }

  @Override
  public void close(String reason) {
    mesh.close(reason);
  }
}
