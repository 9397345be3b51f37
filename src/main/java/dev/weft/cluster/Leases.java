package dev.weft.cluster;

import io.vertx.core.Future;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Names that one holder has at a time, in the whole cluster: a node's subnet. A majority of the
 * cluster's voters gives them, and every member remembers them, so that one that returns finds its
 * own again.
 *
 * <p>Two clusters that become one may have given one name twice; {@link #all} then shows one
 * holder.
 */
public interface Leases {
  /** What a holder that is no member begins with; a member holds under its node id. */
  String OUTSIDER = "agent/";

  /**
   * A name that is held.
   *
   * @param holder a node id, or {@link #OUTSIDER} and a name
   * @param signer node id of the member that wrote it
   * @param counter rises by one with every change of the holder
   */
  record Lease(String key, String holder, String signer, long counter) {}

  /** Completes once what this node has on disk and what the cluster knows has been read. */
  Future<Void> ready();

  /** Every name that is held, also by holders that are not live, by name. */
  List<Lease> all();

  /**
   * Takes a name, atomically in the cluster, and keeps it over restarts.
   *
   * @param holder this node's id, or an outsider
   * @param mayTake whether a name may be taken from the one who holds it
   * @return whether the holder has it now; fails with UNAVAILABLE without a majority of voters
   */
  Future<Boolean> claim(String key, String holder, Predicate<Lease> mayTake);

  /** Frees a name, whoever held it; one that is free is success. UNAVAILABLE without voters. */
  Future<Void> release(String key);

  /** Why no name can be given now; empty while a majority of the voters is there. */
  Optional<String> refusal();

  /** Runs the listener on the caller's context after leases may have changed. */
  void onChange(Runnable listener);
}
