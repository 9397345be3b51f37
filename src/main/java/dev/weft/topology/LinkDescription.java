package dev.weft.topology;

import dev.weft.pod.PodRef;
import dev.weft.wire.WireSpec;
import java.util.Comparator;

/**
 * A link that can be joined as far as its description goes, equal whichever side it was read from.
 *
 * @param id of its wire
 * @param ns topology namespace: that of the end that sorts first
 * @param link its ends in order
 */
record LinkDescription(String id, String ns, SingleLink link) {
  private static final Comparator<SingleLink.End> ORDER =
      Comparator.comparing(SingleLink.End::pod).thenComparing(SingleLink.End::intf);

  static LinkDescription of(SingleLink link) {
    boolean inOrder = ORDER.compare(link.a(), link.b()) <= 0;
    SingleLink ordered =
        inOrder
            ? link
            : new SingleLink(link.uid(), link.b(), link.a(), link.mtu(), link.kind(), link.open());
    SingleLink.End a = ordered.a();
    SingleLink.End b = ordered.b();
    String ns = a.pod().ns();
    return new LinkDescription(
        WireSpec.idOf(ns, link.uid(), a.pod(), a.intf(), b.pod(), b.intf()), ns, ordered);
  }

  boolean isOpen() {
    return Boolean.TRUE.equals(link.open());
  }

  /** The other end than that of this interface. */
  SingleLink.End peerOf(PodRef pod, String intf) {
    return isA(pod, intf) ? link.b() : link.a();
  }

  SingleLink.End endOf(PodRef pod, String intf) {
    return isA(pod, intf) ? link.a() : link.b();
  }

  private boolean isA(PodRef pod, String intf) {
    return link.a().pod().equals(pod) && link.a().intf().equals(intf);
  }
}
