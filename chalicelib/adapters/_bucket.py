"""Storage in an S3 bucket."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from chalicelib.adapters import _aws
from chalicelib.adapters._objects import PIECE, Missing

_ABSENT: Final = frozenset({"NoSuchKey", "NoSuchUpload", "404"})


class Bucket:
    """A bucket of our own, encrypted and closed to everybody else."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def put(self, key: str, data: bytes, content_type: str) -> None:
        """One PutObject."""
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=data, ContentType=content_type)

    def stream(self, key: str, start: int, length: int | None) -> Iterator[bytes]:
        """One GetObject of a range."""
        if length is not None and length <= 0:
            return
        last = "" if length is None else start + length - 1
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=key, Range=f"bytes={start}-{last}")
        except self._s3.exceptions.ClientError as error:
            if _code(error) in {"InvalidRange", "416"}:
                return
            raise _plain(error) from None
        yield from answer["Body"].iter_chunks(PIECE)

    def size(self, key: str) -> int | None:
        """One HeadObject."""
        try:
            return int(self._s3.head_object(Bucket=self._bucket, Key=key)["ContentLength"])
        except self._s3.exceptions.ClientError as error:
            if _code(error) in _ABSENT:
                return None
            raise

    def delete_all(self, prefix: str) -> None:
        """A thousand at a time."""
        while True:
            found = self._s3.list_objects_v2(Bucket=self._bucket, Prefix=prefix).get("Contents", [])
            if not found:
                return
            doomed = {"Objects": [{"Key": one["Key"]} for one in found], "Quiet": True}
            left = self._s3.delete_objects(Bucket=self._bucket, Delete=doomed).get("Errors")
            if left:
                raise OSError(f"{len(left)} objects were not deleted: {left[0].get('Code')}")

    def upload_url(self, key: str, max_age: int) -> str:
        """Signed here; no request."""
        return self._signed("put_object", max_age, Key=key)

    def download_url(self, key: str, filename: str, max_age: int) -> str:
        """Signed here; no request."""
        name = filename.replace("\\", "").replace('"', "")
        return self._signed("get_object", max_age, Key=key, ResponseContentDisposition=f'attachment; filename="{name}"')

    def begin(self, key: str, content_type: str) -> str:
        """One CreateMultipartUpload."""
        answer = self._s3.create_multipart_upload(Bucket=self._bucket, Key=key, ContentType=content_type)
        return str(answer["UploadId"])

    def part(self, key: str, upload_id: str, number: int, data: bytes) -> str:
        """One UploadPart."""
        try:
            answer = self._s3.upload_part(
                Bucket=self._bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=data
            )
        except self._s3.exceptions.ClientError as error:
            raise _plain(error) from None
        return str(answer["ETag"])

    def complete(self, key: str, upload_id: str, parts: Sequence[str]) -> None:
        """One CompleteMultipartUpload; of an upload that is gone, whether its object is there."""
        listed = [{"PartNumber": number, "ETag": tag} for number, tag in enumerate(parts, 1)]
        try:
            self._s3.complete_multipart_upload(
                Bucket=self._bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": listed}
            )
        except self._s3.exceptions.ClientError as error:
            if _code(error) != "NoSuchUpload" or self.size(key) is None:
                raise _plain(error) from None

    def abort(self, key: str, upload_id: str) -> None:
        """One AbortMultipartUpload."""
        try:
            self._s3.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=upload_id)
        except self._s3.exceptions.ClientError as error:
            if _code(error) not in _ABSENT:
                raise

    @property
    def _s3(self) -> Any:
        return _aws.client("s3")

    def _signed(self, operation: str, max_age: int, **params: str) -> str:
        signed = self._s3.generate_presigned_url(
            operation, Params={"Bucket": self._bucket, **params}, ExpiresIn=max_age
        )
        return str(signed)


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _plain(error: Exception) -> Exception:
    """`Missing` for what is not there; anything else as it is."""
    return Missing(str(error)) if _code(error) in _ABSENT else error
