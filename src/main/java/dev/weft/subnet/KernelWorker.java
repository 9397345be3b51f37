package dev.weft.subnet;

import dev.weft.bus.Fault;
import dev.weft.room.RoomThread;
import io.vertx.core.Future;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;

/**
 * Calls into the kernel's part of the room, which block: away from the event loop, one at a time,
 * in the order in which they were asked for. For the room's event loop.
 */
final class KernelWorker {
  /** Something that is done to the kernel. */
  interface Work<T> {
    T on(SubnetKernel kernel) throws IOException;
  }

  private final RoomThread thread;
  private SubnetKernel kernel;
  private String refusal;

  KernelWorker(RoomThread thread) {
    this.thread = thread;
  }

  /** Opens the kernel's part; one that cannot be opened is a {@link #refusal}. */
  Future<Void> open(Callable<SubnetKernel> opening) {
    return thread
        .serial(opening)
        .onSuccess(opened -> kernel = opened)
        .onFailure(e -> refusal = e.getMessage())
        .otherwiseEmpty()
        .mapEmpty();
  }

  /** Why nothing can be done to the kernel here; empty if something can. */
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
