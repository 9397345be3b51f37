package dev.weft.subnet;

import dev.weft.bus.Fault;
import dev.weft.room.RoomThread;
import io.vertx.core.Future;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;

/**
 * Runs blocking calls into {@link SubnetKernel} on a worker thread: one at a time, in the order of
 * the calls. For the room's event loop.
 */
final class KernelWorker {
  /** A call into the kernel. */
  interface Work<T> {
    T on(SubnetKernel kernel) throws IOException;
  }

  private final RoomThread thread;
  private SubnetKernel kernel;
  private String refusal;

  KernelWorker(RoomThread thread) {
    this.thread = thread;
  }

  /** Opens the room's part of the kernel; a failure becomes the {@link #refusal}. */
  Future<Void> open(Callable<SubnetKernel> opening) {
    return thread
        .serial(opening)
        .onSuccess(opened -> kernel = opened)
        .onFailure(e -> refusal = e.getMessage())
        .otherwiseEmpty()
        .mapEmpty();
  }

  /** Why this node cannot change the kernel; empty if it can. */
  Optional<String> refusal() {
    return Optional.ofNullable(refusal);
  }

  /** PRECONDITION if there is a {@link #refusal}. */
  <T> Future<T> run(Work<T> work) {
    return refusal != null
        ? Future.failedFuture(Fault.PRECONDITION.because(refusal))
        : thread.serial(() -> work.on(kernel));
  }
}
