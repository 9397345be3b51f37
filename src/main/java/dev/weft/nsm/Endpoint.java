package dev.weft.nsm;

import dev.weft.nsm.proto.InterfaceType;
import java.util.List;

/**
 * An endpoint of a service.
 *
 * @param node id of the node that it was advertised on
 * @param namespace the provider's, as in Kubernetes; may be empty
 * @param provider its name within that namespace
 * @param interfaces what it can be connected by; empty for whatever the node chooses
 * @param silent whether its program does not answer now, though its socket is there: it is asked
 *     last, and its connections move to another endpoint where there is one
 */
public record Endpoint(
    String node,
    String namespace,
    String provider,
    String service,
    List<InterfaceType> interfaces,
    boolean silent) {
  /** One that answers. */
  public Endpoint(
      String node,
      String namespace,
      String provider,
      String service,
      List<InterfaceType> interfaces) {
    this(node, namespace, provider, service, interfaces, false);
  }

  /** The same, which answers or does not. */
  public Endpoint silent(boolean now) {
    return new Endpoint(node, namespace, provider, service, interfaces, now);
  }

  /** Unique on its node. */
  public String key() {
    return namespace + "/" + provider + "/" + service;
  }

  /** The provider as messages name it. */
  public String name() {
    return namespace.isEmpty() ? provider : namespace + "/" + provider;
  }

  /** An endpoint without interface types offers DEFAULT, and DEFAULT is a kernel interface. */
  public boolean offers(InterfaceType type) {
    return type == InterfaceType.DEFAULT_INTERFACE
        || interfaces.contains(type)
        || (type == InterfaceType.KERNEL_INTERFACE
            && (interfaces.isEmpty() || interfaces.contains(InterfaceType.DEFAULT_INTERFACE)));
  }
}
