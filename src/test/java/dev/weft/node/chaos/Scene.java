package dev.weft.node.chaos;

import dev.weft.node.chaos.World.Place;
import dev.weft.node.chaos.World.Tie;
import java.util.Set;

/**
 * What is compared, and how sure it is: what hangs on nodes that are away may be there or not.
 *
 * @param up nodes that run
 * @param before the world as all nodes knew it last
 * @param plugKnown whether meshnet's plugin was not broken off
 */
record Scene(ChaosLab lab, Set<Integer> up, World world, World before, boolean plugKnown) {
  boolean full() {
    return up.size() == ChaosLab.NODES;
  }

  boolean lives(String pod) {
    Place place = world.pods().get(pod);
    return place != null && up.contains(place.node());
  }

  boolean wholeAndLive(Tie tie) {
    return lives(tie.a()) && lives(tie.b());
  }

  /** A link with an end, now or before, on a node that is away. */
  boolean uncertain(int uid) {
    Tie now = world.links().get(uid);
    Tie then = before.links().get(uid);
    return (now != null && (away(now.a()) || away(now.b())))
        || (then != null && (away(then.a()) || away(then.b())));
  }

  boolean away(String pod) {
    Place now = world.pods().get(pod);
    Place then = before.pods().get(pod);
    return (now != null && !up.contains(now.node())) || (then != null && !up.contains(then.node()));
  }

  boolean isPlugged(int node) {
    return world.plugged() && ChaosLab.PLUGGED.containsKey(node);
  }
}
