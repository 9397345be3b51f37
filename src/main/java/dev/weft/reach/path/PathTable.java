package dev.weft.reach.path;

import dev.weft.identity.NodeId;
import dev.weft.reach.DirectPath;
import dev.weft.reach.DirectPaths;
import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;

/**
 * What datagrams ask, on any loop: written anew with each change, by one thread, then only read.
 */
final class PathTable implements DirectPaths {
  private volatile LongObjectMap<DirectPath> paths = new LongObjectHashMap<>();
  private volatile Map<InetSocketAddress, NodeAt> sources = Map.of();

  @Override
  public DirectPath to(long node) {
    return paths.get(node);
  }

  @Override
  public NodeAt from(InetSocketAddress address) {
    return sources.get(address);
  }

  int size() {
    return paths.size();
  }

  /**
   * @param path null for none
   */
  void path(NodeId node, DirectPath path) {
    LongObjectMap<DirectPath> next = new LongObjectHashMap<>();
    next.putAll(paths);
    if (path == null) {
      next.remove(node.number());
    } else {
      next.put(node.number(), path);
    }
    paths = next;
  }

  /**
   * @param node null for none
   */
  void source(InetSocketAddress address, NodeId node) {
    Map<InetSocketAddress, NodeAt> next = new HashMap<>(sources);
    if (node == null) {
      next.remove(address);
    } else {
      next.put(address, new NodeAt(node.number()));
    }
    sources = next;
  }
}
