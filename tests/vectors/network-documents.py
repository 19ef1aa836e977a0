"""Wrote network-documents.txt: signed documents made from docs/formats/network.md by another program (Python's cryptography), not by ours.

The file only grows; this shows how its bytes came about and how more are made. Keys are small numbers, so the result is always the same.
"""
import datetime, hashlib, ipaddress, json, base64, textwrap
from cryptography import x509
from cryptography.x509.oid import NameOID, ExtendedKeyUsageOID
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

NETWORK, NAME = "6f1d2c3b-4a59-4687-90ab-cdef01234567", "Red Andina"
CENTRE, CLINIC, LOST = (f"{n:08x}-0000-4000-8000-00000000000{n}" for n in (1, 2, 3))
START = datetime.datetime(2026, 3, 1, 12, 0, 0, tzinfo=datetime.timezone.utc)


def key(number):
    return ec.derive_private_key(number, ec.SECP256R1())


def certificate(subject, own, issuer, issuer_key, days, serial, authority, path, names):
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(own.public_key()).serial_number(serial)
               .not_valid_before(START - datetime.timedelta(hours=1)).not_valid_after(START + datetime.timedelta(days=days))
               .add_extension(x509.BasicConstraints(authority, path), critical=True)
               .add_extension(x509.KeyUsage(True, False, False, False, False, authority, authority, False, False), critical=True)
               .add_extension(x509.SubjectAlternativeName(names), critical=False)
               .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
               .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False))
    if not authority:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256(), ecdsa_deterministic=True)


def named(*parts):
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in parts])


def authority(number):
    root_key, issuer_key = key(number), key(number + 1)
    uri = [x509.UniformResourceIdentifier(f"panal://{NETWORK}/")]
    root_name = named((NameOID.COMMON_NAME, NAME + " root"), (NameOID.ORGANIZATION_NAME, NAME))
    issuer_name = named((NameOID.COMMON_NAME, NAME + " authority"), (NameOID.ORGANIZATION_NAME, NAME))
    root = certificate(root_name, root_key, root_name, root_key, 3650, 0x40000000 + number, True, 1, uri)
    issuer = certificate(issuer_name, issuer_key, root_name, root_key, 1095, 0x40000001 + number, True, 0, uri)
    return root, root_key, issuer, issuer_key


def der(cert):
    return cert.public_bytes(serialization.Encoding.DER)


def document(kind, payload, signer, signer_key):
    text = json.dumps(payload, separators=(",", ":")).encode()
    body = b"PNS1" + bytes([kind]) + len(der(signer)).to_bytes(2, "big") + der(signer) + len(text).to_bytes(4, "big") + text
    r, s = decode_dss_signature(signer_key.sign(body, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
    return body + r.to_bytes(32, "big") + s.to_bytes(32, "big")


def bundle(sequence, roots, signer, signer_key):
    return document(3, {"network": NETWORK, "sequence": sequence, "issued": "2026-03-01T12:00:00+00:00",
                        "roots": [base64.b64encode(der(r)).decode() for r in roots]}, signer, signer_key)


def key_hash(number):
    return hashlib.sha256(key(number).public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def member(node, name, role, address, number, **more):
    return {"node": node, "name": name, "role": role, "address": address, "key": key_hash(number), "institution": "Hospital",
            "endpoints": [], "groups": [role], "joined": "2026-03-01T12:00:00+00:00", "revoked": None, "holdsAuthority": False, "mayRelay": False, **more}


def roster(version, signer, signer_key, **more):
    return document(1, {**more, 
        "network": NETWORK, "name": NAME, "version": version, "issued": "2026-03-01T12:00:00+00:00", "range": "10.77.0.0/16", "nextAddress": 4,
        "members": [
            member(CENTRE, "CENTRE", "centre", "10.77.0.1", 11, holdsAuthority=True, mayRelay=True, endpoints=["192.0.2.1:7700", "[2001:db8::1]:7700"]),
            member(CLINIC, "CLINIC-7", "clinic", "10.77.0.2", 12, institution="Clínica Ñandú", groups=["clinic", "readers"], later="ignored"),
            member(LOST, "LOST", "replica", "10.77.0.3", 13, revoked="2026-03-02T08:30:00+00:00")],
        "groups": {"centre": [{"verb": v, "filter": "all"} for v in ("query", "fetch", "store", "replicate", "administer")],
                   "clinic": [{"verb": "store", "filter": "ownInstitution"}], "readers": [{"verb": "query", "filter": "all"}], "replica": []}}, signer, signer_key)


def denied(version, signer, signer_key):
    return document(2, {"network": NETWORK, "version": version, "issued": "2026-03-02T08:30:00+00:00",
                        "entries": [{"node": LOST, "since": "2026-03-02T08:30:00+00:00", "reason": "stolen"}]}, signer, signer_key)


old, new = authority(1), authority(3)
node_name = named((NameOID.COMMON_NAME, "CLINIC-7"), (NameOID.ORGANIZATIONAL_UNIT_NAME, "clinic"), (NameOID.ORGANIZATION_NAME, NAME))
node = certificate(node_name, key(12), old[2].subject, old[3], 90, 0x40000012, False, None,
                   [x509.UniformResourceIdentifier(f"panal://{NETWORK}/node/{CLINIC}"), x509.IPAddress(ipaddress.ip_address("10.77.0.2"))])
vectors = [
    ("root", der(old[0]), "DER; its SHA-256 is the fingerprint of the authority"),
    ("bundle-1", bundle(1, [old[0]], old[0], old[1]), "one root, signed by itself"),
    ("bundle-2", bundle(2, [old[0], new[0]], old[0], old[1]), "the next root is announced by the old one"),
    ("bundle-3", bundle(3, [new[0], old[0]], new[0], new[1]), "the next root signs"),
    ("bundle-4", bundle(4, [new[0]], new[0], new[1]), "the old root is trusted no more"),
    ("roster-7", roster(7, old[2], old[3]), "three members, one of them revoked; groups; a name of a later version"),
    ("denied-3", denied(3, old[2], old[3]), "one entry"),
    ("roster-8", roster(8, new[2], new[3]), "signed by the next issuing authority"),
    ("node", der(node), "certificate of CLINIC-7, DER"),
    ("issuer", der(old[2]), "certificate of the issuing authority, DER"),
    ("roster-9", roster(9, old[2], old[3], selected={
        "readers": [{"verb": "query", "filter": "ownInstitution", "selection": {"institutions": ["Clínica Ñandú", "Norte"], "modalities": ["CT", "MR"], "days": 365, "without": ["PatientName", "00100030"]}}],
        "replica": [{"verb": "fetch", "filter": "all", "selection": {"days": 30}}]}), "roster-7 with selections"),
    ("roster-10", roster(10, old[2], old[3], selected={"readers": [{"verb": "query", "filter": "all", "selection": {"modalities": ["CT"]}}]}, dated={
        "readers": [{"verb": "query", "filter": "all", "selection": {"from": "2024-01-01", "until": "2024-12-31", "without": ["PatientName"]}}],
        "clinic": [{"verb": "fetch", "filter": "ownInstitution", "selection": {"institutions": ["Norte"], "days": 365, "from": "2025-06-01"}}]}), "roster-7 with selections by dates"),
]
print("# Signed documents and certificates of one network, made by tests/vectors/network-documents.py from docs/formats/network.md. Legend:")
print('#   "= name" begins bytes, in hexadecimal; what follows "#" explains. The file only grows.')
for name, data, why in vectors:
    print(f"\n= {name}\n# {why}")
    print("\n".join(textwrap.wrap(data.hex(), 128)))
