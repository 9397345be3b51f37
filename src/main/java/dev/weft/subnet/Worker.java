package dev.weft.subnet;

import io.vertx.core.Future;
import java.util.concurrent.Callable;

/** Runs what blocks, one after the other in the order of the calls. */
interface Worker {
  <T> Future<T> run(Callable<T> work);
}
