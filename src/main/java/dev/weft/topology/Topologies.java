package dev.weft.topology;

import dev.weft.bus.ForMembers;
import dev.weft.pod.PodRef;
import io.vertx.core.Future;
import java.util.List;

/** What can be asked of the topology room. What is accepted is kept by every member. */
public interface Topologies {
  /**
   * Accepts topologies, all or none: INVALID names every fault by path and value. Contradictions
   * between the two sides of a link are no fault of one object: they stand in the link's status.
   */
  Future<List<TopologyStatus>> apply(List<Topology> topologies);

  /** NOT_FOUND for a pod without a topology. */
  Future<Void> delete(PodRef pod);

  @ForMembers
  Future<List<TopologyStatus>> list();

  /** NOT_FOUND for a pod without a topology. */
  Future<TopologyStatus> get(PodRef pod);

  /** As {@link #get}, without a look at how its links stand. */
  Future<Topology> describe(PodRef pod);

  /** The links made by {@link #addLink}, each seen from its end {@code a}. */
  Future<List<LinkStatus>> links();

  /**
   * Makes one link, or changes the MTU, kind or addresses of the one with that uid and those ends;
   * its wire's id is in the answer. CONFLICT if an end is another link's.
   */
  Future<LinkStatus> addLink(SingleLink link);

  /**
   * Cuts a link, as one pulls a cable: both pods' interfaces lose their carrier until it is mended,
   * also over restarts. A link that is removed and made again is whole. NOT_FOUND if nothing
   * describes the wire.
   */
  Future<Void> cut(String wire);

  /** Mends a link that was cut; success also for one that is whole. */
  Future<Void> mend(String wire);

  /** Removes a link made by {@link #addLink}; CONFLICT if a topology describes it. */
  Future<Void> removeLink(String wire);
}
