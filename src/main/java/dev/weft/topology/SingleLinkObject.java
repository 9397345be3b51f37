package dev.weft.topology;

import dev.weft.bus.Json;
import dev.weft.pod.PodRef;
import java.util.Map;
import java.util.Objects;

/** A single link as JSON has it: the one place where it is checked. */
final class SingleLinkObject {
  private SingleLinkObject() {}

  /** Notes everything that is wrong with the link. */
  static void check(SingleLink link, DocumentProblems faults) {
    DocumentNode node = new DocumentNode("", Json.mapper().convertValue(link, Map.class), faults);
    LinkFields.uid(node.at("uid"));
    LinkFields.mtu(node.at("mtu"));
    LinkFields.kind(node.at("kind"));
    LinkFields.open(node.at("open"));
    boolean hasA = checkEnd(node.at("a"), link.a());
    boolean hasB = checkEnd(node.at("b"), link.b());
    if (hasA && hasB) {
      LinkFields.checkMacs(link.a().mac(), node.at("b").at("mac"), link.b().mac());
      LinkFields.checkUnderlay(link.a().nic(), node.at("b").at("nic"), link.b().nic());
    }
    if (hasA
        && hasB
        && link.a().pod().equals(link.b().pod())
        && Objects.equals(link.a().intf(), link.b().intf())) {
      node.at("b").at("intf").wrong("another interface than a: both are in one pod");
    }
  }

  private static boolean checkEnd(DocumentNode node, SingleLink.End end) {
    if (!node.isObject("an end: pod and intf, and address, mac, name and nic if wanted")) {
      return false;
    }
    LinkFields.intf(node.at("intf"));
    LinkFields.address(node.at("address"));
    LinkFields.mac(node.at("mac"));
    LinkFields.name(node.at("name"));
    LinkFields.checkUntouched(
        LinkFields.nic(node.at("nic")), node.at("address"), node.at("mac"), node.at("name"));
    PodRef pod = end.pod();
    if (pod == null) {
      node.at("pod").wrong("a pod, as in default/r1");
    } else if (pod.name().equals(Descriptions.LOCALHOST)) {
      node.at("pod").wrong("a pod; macvlan links are not supported by this version");
    }
    return pod != null;
  }
}
